"""Training small networks on demonstrations: policy, inverse dynamics, latent skills, a supervised detector."""
