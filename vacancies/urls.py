"""Addresses of the register's pages."""

urlpatterns: list = []
