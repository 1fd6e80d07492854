"""Mutations: each check of the certificate made to pass whatever it finds; some test must break."""
