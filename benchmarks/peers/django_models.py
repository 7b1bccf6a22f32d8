"""The tables, for the two peers that are Django: https://docs.djangoproject.com/en/5.2/topics/db/models/ and
/howto/legacy-databases/ (`managed = False`, for tables that are there).
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q, QuerySet


class User(models.Model):
    name = models.CharField(max_length=100, unique=True)
    active = models.BooleanField()

    is_authenticated = True

    class Meta:
        app_label, db_table, managed = "benchmark", "user_account", False


class Token(models.Model):
    key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE)

    class Meta:
        app_label, db_table, managed = "benchmark", "benchmark_token", False


class Department(models.Model):
    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=100)
    manager = models.ForeignKey("Employee", models.PROTECT, null=True, related_name="leads")

    class Meta:
        app_label, db_table, managed = "benchmark", "department", False


class Employee(models.Model):
    number = models.IntegerField(unique=True)
    first_name = models.CharField(max_length=50)
    last_name = models.CharField(max_length=50)
    email = models.CharField(max_length=254, unique=True)
    birth_date = models.DateField()
    gender = models.CharField(max_length=1, choices=[("F", "F"), ("M", "M")])
    hired_on = models.DateField()
    title = models.CharField(max_length=50)
    salary = models.DecimalField(max_digits=12, decimal_places=2)
    department = models.ForeignKey(Department, models.PROTECT)
    manager = models.ForeignKey("self", models.PROTECT, null=True)
    user = models.OneToOneField(User, models.PROTECT, null=True)

    class Meta:
        app_label, db_table, managed = "benchmark", "employee", False


class Salary(models.Model):
    employee = models.ForeignKey(Employee, models.CASCADE)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    from_date = models.DateField()
    to_date = models.DateField()

    class Meta:
        app_label, db_table, managed = "benchmark", "salary", False


def seen_by(user: User) -> QuerySet[Employee]:
    """The filter by hand: the employees whose salaries a user may see, themselves and those they lead."""
    return Employee.objects.filter(Q(user=user) | Q(department__in=Department.objects.filter(manager__user=user)))
