"""What a contact point remembers: prescriptions, dispensations, retrievals, messages, the journal.

One database for everything, so that a state and the audit record of it are kept or lost together.
"""

from ncp.store.engine import Store
from ncp.store.tables import Moment, metadata

__all__ = ["Moment", "Store", "metadata"]
