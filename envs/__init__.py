"""Games: frames and actions as types, the Env protocol, the embedded games."""
