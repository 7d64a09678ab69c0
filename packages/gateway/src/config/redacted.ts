// The placeholder that stands for a secret in everything that leaves the gateway (methods notes section 8).

export const REDACTED = '__OPENCLAW_REDACTED__'
