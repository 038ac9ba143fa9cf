import { Alert } from "@mantine/core";
import type { ApiError } from "~/api/error";
import { t } from "~/text/t";

// Refusal says above a form why the server did not take it.
export function Refusal({ of: error }: { of: ApiError | null | undefined }) {
  if (!error) return null;
  return (
    <Alert color="bad" role="alert" mb={12} title={error.details.length > 0 ? error.message : undefined}>
      {error.details.length === 0 ? (
        error.message
      ) : (
        <ul style={{ margin: 0, paddingLeft: 18 }}>
          {error.details.map((d) => (
            <li key={d}>{d}</li>
          ))}
        </ul>
      )}
      {error.status >= 500 && <div>{t("Request {id}", { id: error.requestId })}</div>}
    </Alert>
  );
}
