"""What must survive a restart: alerts, deliveries, reports, leases, action keys, the audit."""
