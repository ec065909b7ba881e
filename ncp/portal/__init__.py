"""The portal for testers: country B by hand in a browser, every message of each step at hand.

It runs on this machine only, works without script, and keeps nothing but the journal of the
exchange: what a tester has looked at is forgotten when the portal ends.
"""

from ncp.portal.app import build
from ncp.portal.settings import Settings, Target

__all__ = ["Settings", "Target", "build"]
