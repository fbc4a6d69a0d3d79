// seal's numbers, each with its unit and where it comes from.

// — Specification: both ends must agree on these. —

export const PEER_ID_BYTES = 8
export const BOOT_BYTES = 8
export const SESSION_BYTES = 8
