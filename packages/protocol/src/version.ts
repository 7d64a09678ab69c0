// The wire protocol's version numbers. The wire has one integer; clients offer a range that must contain it.

/**
 * Version of the gateway wire protocol that this code speaks.
 *
 * History:
 * - 4 (2026): challenge-bound device signatures v3, scopes per method, `features` discovery in hello-ok.
 * - 3 (2025): device pairing; still offered by older nodes and by probes.
 */
export const PROTOCOL_VERSION = 4

/** The oldest version that a node (`role` and `mode` both `node`) or a probe (`mode: "probe"`) may offer. */
export const MIN_NODE_OR_PROBE_PROTOCOL_VERSION = 3
