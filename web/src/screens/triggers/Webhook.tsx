import { Button, SegmentedControl } from "@mantine/core";
import { at } from "~/api/place";
import { useSpaceId } from "~/api/query";
import { t } from "~/text/t";
import { Copied } from "~/ui/Copied";
import { callOf, type Filter, newSecret } from "./triggers";
import classes from "./triggers.module.css";

type Props = { value: Filter; disabled: boolean; onChange: (change: Partial<Filter>) => void };

// Webhook is the address to call, and what whoever calls has to know.
export function Webhook({ value, disabled, onChange }: Props) {
  const space = useSpaceId();
  const address = value.WebhookId && `${window.location.origin}${at(`/api/${space}/webhook/${value.WebhookId}`)}`;
  const byKey = Boolean(value.RequireApiKey);
  const made = value.Secret?.NewValue;
  const pick = (how: string) =>
    onChange({
      RequireApiKey: how === "key",
      Secret: how === "key" ? { HasValue: false, NewValue: null, Hint: null } : newSecret(),
    });
  return (
    <>
      <div className={classes.call}>
        <span>{t("Address")}</span>
        {address ? (
          <Copied text={address} />
        ) : (
          <span className="dim">{t("It gets its address when it is saved.")}</span>
        )}
      </div>
      <div className={classes.call}>
        <span id="caller">{t("Who may call")}</span>
        <SegmentedControl
          aria-labelledby="caller"
          size="xs"
          disabled={disabled}
          value={byKey ? "key" : "secret"}
          onChange={pick}
          data={[
            { value: "secret", label: t("With its secret") },
            { value: "key", label: t("With an API key") },
          ]}
        />
      </div>
      {byKey ? (
        <p className="dim">{t("The trigger does what the owner of the key may do.")}</p>
      ) : (
        <div className={classes.call}>
          <span>{t("Secret")}</span>
          {made ? (
            <div>
              <Copied text={made} />
              <div className="dim">{t("Take it with you before you save: it is not shown again.")}</div>
            </div>
          ) : (
            <div className={classes.kept}>
              <span className="dim">{t("Kept, and shown to nobody.")}</span>
              {!disabled && (
                <Button variant="default" size="compact-xs" onClick={() => onChange({ Secret: newSecret() })}>
                  {t("Make a new secret")}
                </Button>
              )}
            </div>
          )}
        </div>
      )}
      {address && (
        <div className={classes.call}>
          <span>{t("A call")}</span>
          <Copied text={callOf(address, byKey, made)} />
        </div>
      )}
    </>
  );
}
