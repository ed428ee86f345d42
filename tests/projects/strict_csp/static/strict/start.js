$(oscar.init);
