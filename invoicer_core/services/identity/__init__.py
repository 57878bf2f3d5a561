"""Who somebody is and what they may do: users, members, sign-in, tokens and keys."""
