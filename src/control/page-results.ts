// Result of `page`, as the control socket carries it.

export interface PageResult {
  /** With its token: whoever has it may do all that the person may. Null where no page is served. */
  readonly link: string | null
}
