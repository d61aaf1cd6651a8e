"""Answers in gzip, but for those that are compressed already."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED = (
    "image/png",
    "image/jpeg",
    "font/",
    "application/zip",
    "application/pdf",
    "application/vnd.openxmlformats",
    "application/vnd.apache.parquet",
)


class CompressMiddleware(GZipMiddleware):
    """Leaves pictures, workbooks, archives, PDF and Parquet as they are: packing them again costs time and saves nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.get("Content-Type", "").startswith(COMPRESSED):
            return response
        return super().process_response(request, response)
