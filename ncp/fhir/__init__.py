"""The FHIR way of the exchange: between contact points (``/fhir``), and for EHR systems (``/ehr``).

``routes`` gives both to the server of a contact point.
"""

from ncp.fhir.app import routes
from ncp.fhir.clients import register
from ncp.fhir.settings import Settings, load

__all__ = ["Settings", "load", "register", "routes"]
