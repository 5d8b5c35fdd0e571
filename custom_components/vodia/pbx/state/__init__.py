"""What is so: the accounts and calls of a tenant, as observed over one link. Pure."""
