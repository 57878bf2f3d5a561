"""The contract with plugins: what they may implement, offer, set and be told."""
