import { t } from "~/text/t";

// ApiError is what the server says when it refuses, in its own words.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: string[] = [],
    readonly requestId = "",
  ) {
    super(message);
    this.name = "ApiError";
  }

  get forbidden() {
    return this.status === 403;
  }
  get missing() {
    return this.status === 404;
  }
  get conflict() {
    return this.status === 409;
  }
  get unreachable() {
    return this.status === 0 || this.status === 503;
  }
}

type Problem = { ErrorMessage?: string; Errors?: string[] | null; RequestId?: string };

export function problemOf(response: Response, body: unknown): ApiError {
  const problem: Problem = typeof body === "object" && body !== null ? body : {};
  const message = problem.ErrorMessage || t("The server answered with status {status}.", { status: response.status });
  const details = (problem.Errors ?? []).filter((e) => e !== message);
  return new ApiError(
    response.status,
    message,
    details,
    problem.RequestId ?? response.headers.get("X-Request-Id") ?? "",
  );
}

export function unreachable(): ApiError {
  return new ApiError(0, t("The server cannot be reached. Check the connection; the portal tries again by itself."));
}

// errorOf makes an ApiError of whatever was thrown.
export function errorOf(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError(-1, thrown instanceof Error ? thrown.message : String(thrown));
}
