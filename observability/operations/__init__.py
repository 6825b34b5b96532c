"""What a team on call needs: alerts from the objectives, dashboards, a collector, and whether a service has them."""


class OperationsError(Exception):
    """Alerts, dashboards or a rehearsal cannot be made; one line says why."""
