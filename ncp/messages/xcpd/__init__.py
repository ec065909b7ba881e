"""ITI-55, Cross Gateway Patient Discovery: who is this patient? (PRPA_IN201305/6UV02)."""

from ncp.messages.xcpd.answered import Response, read_response
from ncp.messages.xcpd.answering import response
from ncp.messages.xcpd.asking import Request, read_request, request

__all__ = ["Request", "Response", "read_request", "read_response", "request", "response"]
