"""Django REST framework, under gunicorn with threads.

https://www.django-rest-framework.org/tutorial/6-viewsets-and-routers/, /api-guide/generic-views/,
/api-guide/serializers/ (nested), /api-guide/filtering/ (django-filter, `OrderingFilter`), /api-guide/authentication/
(`TokenAuthentication`, made one's own) and /api-guide/pagination/ (a custom style). Conditional requests are Django's:
see `django_settings`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import include, path
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.authentication import TokenAuthentication
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from benchmarks.peers import django_models as models


class BearerAuthentication(TokenAuthentication):
    keyword = "Bearer"
    model = models.Token

    def authenticate_credentials(self, key: str) -> tuple[models.User, models.Token]:
        try:
            token = models.Token.objects.select_related("user").get(key=key)
        except models.Token.DoesNotExist:
            raise exceptions.AuthenticationFailed("Invalid token.") from None
        if not token.user.active:
            raise exceptions.AuthenticationFailed("User inactive or deleted.")
        return token.user, token


class Limit(LimitOffsetPagination):
    """Without a count, which nobody asked for."""

    default_limit = 50
    max_limit = 1000

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        start = self.get_offset(request)
        return list(queryset[start : start + (self.get_limit(request) or self.default_limit)])

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"data": data})


class DepartmentSerializer(serializers.ModelSerializer[models.Department]):
    manager_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = models.Department
        fields = ("id", "code", "name", "manager_id")


class EmployeeSerializer(serializers.ModelSerializer[models.Employee]):
    department_id = serializers.PrimaryKeyRelatedField(
        source="department", queryset=models.Department.objects.all(), pk_field=serializers.IntegerField()
    )
    manager_id = serializers.PrimaryKeyRelatedField(
        source="manager", queryset=models.Employee.objects.all(), allow_null=True, required=False
    )
    user_id = serializers.PrimaryKeyRelatedField(
        source="user", queryset=models.User.objects.all(), allow_null=True, required=False
    )
    number = serializers.IntegerField(min_value=1)
    email = serializers.EmailField(max_length=254)

    class Meta:
        model = models.Employee
        fields = (
            *("id", "number", "first_name", "last_name", "email", "birth_date", "gender", "hired_on", "title"),
            *("salary", "department_id", "manager_id", "user_id"),
        )


class ListedEmployeeSerializer(EmployeeSerializer):
    department = DepartmentSerializer()

    class Meta(EmployeeSerializer.Meta):
        fields = (*EmployeeSerializer.Meta.fields, "department")


class SalarySerializer(serializers.ModelSerializer[models.Salary]):
    employee_id = serializers.IntegerField()

    class Meta:
        model = models.Salary
        fields = ("id", "employee_id", "amount", "from_date", "to_date")


class ThenById(OrderingFilter):
    """The key as the last tie-break."""

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> list[str]:
        return [*(super().get_ordering(request, queryset, view) or ()), "id"]


class Governed(viewsets.GenericViewSet[Any]):
    authentication_classes: ClassVar = [BearerAuthentication]
    permission_classes: ClassVar = [IsAuthenticated]
    filter_backends: ClassVar = [DjangoFilterBackend, ThenById]
    pagination_class = Limit


class Employees(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, mixins.UpdateModelMixin, Governed
):
    queryset = models.Employee.objects.all()
    serializer_class = EmployeeSerializer
    filterset_fields: ClassVar = ["title"]
    ordering_fields: ClassVar = ["last_name", "first_name"]

    def get_queryset(self) -> Any:
        return self.queryset.select_related("department") if self.action == "list" else self.queryset.all()

    def get_serializer_class(self) -> type[EmployeeSerializer]:
        return ListedEmployeeSerializer if self.action == "list" else EmployeeSerializer


class Salaries(mixins.ListModelMixin, Governed):
    serializer_class = SalarySerializer
    filterset_fields: ClassVar[list[str]] = []
    ordering_fields: ClassVar = ["from_date"]

    def get_queryset(self) -> Any:
        return models.Salary.objects.filter(employee__in=models.seen_by(self.request.user))


@api_view(["GET"])
@authentication_classes([])
def hello(request: Request) -> Response:
    return Response({"hello": "world"})


router = SimpleRouter(trailing_slash=False)
router.register("employees", Employees, "employee")
router.register("salaries", Salaries, "salary")
urlpatterns = [path("hello", hello), path("", include(router.urls))]
