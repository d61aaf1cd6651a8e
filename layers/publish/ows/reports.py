"""Errors in the words of each standard: a WMS, WFS or OGC API client gets the report its version prescribes, never a page."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from django.http import HttpResponse, JsonResponse

from geo.errors import InvalidParameter, InvalidParameters, RaumError, status_of

OWS_STATUS = {"OperationNotSupported": 501, "OptionNotSupported": 501, "NoApplicableCode": 400, "NotFound": 404, "Busy": 503}


class OwsError(RaumError):
    """A request to a service that cannot be answered.

    Parameters
    ----------
    code : str
        Exception code of the standards: InvalidParameterValue, MissingParameterValue, OperationNotSupported, LayerNotDefined …
    text : str
        What was given and what is allowed.
    locator : str
        The parameter.
    status : int
        HTTP status; 0: what OWS Common gives the code.
    """

    def __init__(self, code: str, text: str, locator: str = "", status: int = 0) -> None:
        self.code, self.locator, self.status = code, locator, status or OWS_STATUS.get(code, 400)
        super().__init__(text)


def of(error: RaumError) -> list[OwsError]:
    """Return what a person's error is called by OGC's standards: one entry for each parameter."""
    if isinstance(error, OwsError):
        return [error]
    if isinstance(error, InvalidParameters):
        return [OwsError("InvalidParameterValue", str(e), e.name) for e in error.errors]
    if isinstance(error, InvalidParameter):
        return [OwsError("InvalidParameterValue", str(error), error.name)]
    return [OwsError("NoApplicableCode", str(error), status=status_of(error))]


def report(error: RaumError, service: str, version: str) -> HttpResponse:
    """Return the error as `service` (WMS, WFS, OGCAPI) in `version` reports it."""
    errors = of(error)
    status = max(e.status for e in errors)
    if service == "OGCAPI":
        codes = {400: "InvalidParameterValue", 404: "NotFound", 406: "NotAcceptable", 503: "Busy"}
        body = {"code": codes.get(status, errors[0].code), "type": "about:blank", "description": "; ".join(str(e) for e in errors)}
        response: HttpResponse = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    elif service == "WMS" and version < "1.3.0":
        response = HttpResponse(_service_exceptions(errors, "1.1.1", ""), status=status, content_type="application/vnd.ogc.se_xml")
    elif service == "WMS":
        space = ' xmlns="http://www.opengis.net/ogc"'
        response = HttpResponse(_service_exceptions(errors, "1.3.0", space), status=status, content_type="text/xml; charset=utf-8")
    elif version.startswith("1.0"):
        space = ' xmlns="http://www.opengis.net/ogc"'
        response = HttpResponse(_service_exceptions(errors, "1.2.0", space), status=status, content_type="text/xml; charset=utf-8")
    else:
        response = HttpResponse(_ows(errors, version), status=status, content_type="text/xml; charset=utf-8")
    if status == 503:
        response["Retry-After"] = "10"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    return response


def _text(error: OwsError) -> str:
    """The text without characters that XML cannot hold."""
    return escape("".join(c for c in str(error) if c >= " " or c in "\n\t"))


def _service_exceptions(errors: list[OwsError], version: str, space: str) -> str:
    def one(e: OwsError) -> str:
        code = "" if e.code == "NoApplicableCode" else f" code={quoteattr(e.code)}"
        locator = f" locator={quoteattr(e.locator)}" if e.locator else ""
        return f"<ServiceException{code}{locator}>{_text(e)}</ServiceException>"

    body = "".join(one(e) for e in errors)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<ServiceExceptionReport version="{version}"{space}>{body}</ServiceExceptionReport>\n'


def _ows(errors: list[OwsError], version: str) -> str:
    first = version.startswith("1.1")
    space = "http://www.opengis.net/ows" if first else "http://www.opengis.net/ows/1.1"
    number = "1.0.0" if first else "2.0.0"

    def one(e: OwsError) -> str:
        locator = f" locator={quoteattr(e.locator)}" if e.locator else ""
        return (
            f"<ows:Exception exceptionCode={quoteattr(e.code)}{locator}><ows:ExceptionText>{_text(e)}</ows:ExceptionText></ows:Exception>"
        )

    body = "".join(one(e) for e in errors)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<ows:ExceptionReport xmlns:ows="{space}" version="{number}">{body}</ows:ExceptionReport>\n'
