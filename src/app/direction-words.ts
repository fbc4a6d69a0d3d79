/** What a person is told at the start of a peer whose changes go one way only. */
export const DIRECTION_WORDS = {
  both: undefined,
  'send-only': 'send-only: what others change is not taken over; left status shows it',
  'receive-only': 'receive-only: what is changed here is told to nobody; left status shows it',
} as const
