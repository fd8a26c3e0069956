"""Small networks trained on demonstrations: policies, inverse dynamics, latent skills, a detector."""
