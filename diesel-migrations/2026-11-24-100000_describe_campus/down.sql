DROP TABLE channels, sensors, gateway_secrets, gateways, passages, capacities, spaces, sites, institutions;
