/** What went wrong, in a form that both a person and a program can act on. */
export type ErrorDetails = {
  /** Stable, upper-case, named by the broken rule: `RECIPE_INVALID`. */
  code: string;
  /** The name of the argument or field that is at fault. */
  argument?: string;
  /** What to do next. */
  hint?: string;
  /** Whether the same call may succeed later without any change. */
  retryable?: boolean;
  cause?: unknown;
};

/** The one error type of the project. Tests and callers look at `code`, never at the message. */
export class SwarmlockError extends Error {
  readonly code: string;
  readonly argument: string | undefined;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(message: string, details: ErrorDetails) {
    super(message, { cause: details.cause });
    this.name = 'SwarmlockError';
    this.code = details.code;
    this.argument = details.argument;
    this.hint = details.hint;
    this.retryable = details.retryable ?? false;
  }

  /** One object for `--json` output and for logs. */
  toJSON(): Record<string, unknown> {
    const { code, message, argument, hint, retryable } = this;
    return { code, message, argument, hint, retryable };
  }
}
