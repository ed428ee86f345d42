from django.urls import path

from tests.urls import urlpatterns as of_the_shop

from .floor.views import webhook

urlpatterns = [path("floor/", webhook), *of_the_shop]
