"""Country B: asks another country who a patient is, for documents, and reports dispensations.

``Client`` does the work; ``Asker`` says who asks, ``Partner`` whom; ``documents`` makes what came
back readable, ``dispensing`` writes what is sent.
"""

from ncp.client.answers import Fetched, Identified, Listed, Taken
from ncp.client.asker import Asker
from ncp.client.client import Client
from ncp.client.failures import Unreachable
from ncp.client.partner import Partner
from ncp.client.transport import Limits, Transport

__all__ = [
    "Asker",
    "Client",
    "Fetched",
    "Identified",
    "Limits",
    "Listed",
    "Partner",
    "Taken",
    "Transport",
    "Unreachable",
]
