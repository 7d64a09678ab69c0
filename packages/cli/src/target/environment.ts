// Environment variables that carry the shared secret, for clients and for the gateway itself.

export const TOKEN_ENV = 'BREAKWATER_GATEWAY_TOKEN'
export const PASSWORD_ENV = 'BREAKWATER_GATEWAY_PASSWORD'
