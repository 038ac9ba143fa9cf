import { notifications } from "@mantine/notifications";
import { errorOf } from "~/api/error";
import { t } from "~/text/t";

const closeButtonProps = { "aria-label": t("Close") };

// done tells that something worked, where the page does not show it anyway.
export function done(message: string) {
  notifications.show({ message, color: "accent", closeButtonProps });
}

// failed tells in the server's words what did not work.
export function failed(thrown: unknown) {
  const e = errorOf(thrown);
  const request = e.requestId && e.status >= 500 ? ` ${t("(request {id})", { id: e.requestId })}` : "";
  notifications.show({
    title: e.message,
    message: `${e.details.join(" ")}${request}`,
    color: "bad",
    autoClose: 12_000,
    role: "alert",
    closeButtonProps,
  });
}
