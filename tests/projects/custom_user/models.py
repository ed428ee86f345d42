import uuid

from django.db import models
from oscar.apps.customer.abstract_models import AbstractUser


class User(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
