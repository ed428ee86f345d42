/* Back from Stripe with the back button, some browsers show this page as it was left: with a button that is
   pressed already. Loaded anew, the shop knows where to go on. */
window.addEventListener("pageshow", function (event) {
  "use strict";
  if (event.persisted) {
    window.location.reload();
  }
});
