import { Button, PasswordInput, Switch, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { useGet, useSend } from "~/api/query";
import type { User } from "~/api/wire";
import { useSession } from "~/app/session";
import { setLetters, useLetters } from "~/shell/keys";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DocumentForm } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { failed } from "~/ui/notify";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";

// Profile is what people change of themselves.
export default function Profile() {
  const { user } = useSession();
  const me = useGet("/api/users/{id}", { id: user.Id });
  return <Read of={me}>{(u) => <Form user={u as User} />}</Read>;
}

// sent leaves the password out where none is typed: it stays as it is.
const sent = ({ Password, ...rest }: User) => (Password ? { ...rest, Password } : rest);

function Form({ user }: { user: User }) {
  const document = useMemo(() => ({ ...user, Password: "" }), [user]);
  return (
    <DocumentForm
      collection="/api/users"
      document={document}
      name={user.DisplayName || user.Username}
      add=""
      list={{ label: t("Profile"), to: "/users/me" }}
      place={() => "/users/me"}
      may={{}}
      sent={sent}
    >
      {({ value, put }) => (
        <>
          <Section title={t("Who you are")}>
            <div className={form.fields}>
              <div className={form.pair}>
                <TextInput
                  label={t("User name")}
                  description={t("Somebody who manages users can change it.")}
                  disabled
                  value={value.Username}
                />
                <TextInput
                  label={t("Shown name")}
                  description={t("How others see you.")}
                  value={value.DisplayName}
                  onChange={(e) => put({ DisplayName: e.currentTarget.value })}
                />
              </div>
              <div className={form.pair}>
                <TextInput
                  label={t("E-mail")}
                  type="email"
                  value={value.EmailAddress ?? ""}
                  onChange={(e) => put({ EmailAddress: e.currentTarget.value })}
                />
                <PasswordInput
                  label={t("Password")}
                  placeholder={t("Kept as it is; type to replace it")}
                  autoComplete="new-password"
                  visibilityToggleButtonProps={{ "aria-label": t("Show what is typed") }}
                  value={value.Password ?? ""}
                  onChange={(e) => put({ Password: e.currentTarget.value })}
                />
              </div>
            </div>
          </Section>
          <Letters />
          <Sessions user={user} />
        </>
      )}
    </DocumentForm>
  );
}

function Letters() {
  return (
    <Section title={t("Keyboard")}>
      <Switch
        label={t("Single letters do something")}
        description={t("Switch it off if you dictate text or often hit keys by accident. It holds for this browser.")}
        checked={useLetters()}
        onChange={(e) => setLetters(e.currentTarget.checked)}
      />
    </Section>
  );
}

function Sessions({ user }: { user: User }) {
  const [asked, ask] = useState(false);
  const end = useSend("put", "/api/users/{id}/revoke-sessions");
  return (
    <Section title={t("Where you are signed in")}>
      <div className={form.fields}>
        <p className="dim">
          {t(
            "For a browser that you left signed in somewhere. It ends your session in all browsers; API keys keep working.",
          )}
        </p>
        <div>
          <Button variant="default" onClick={() => ask(true)}>
            {t("Sign out everywhere…")}
          </Button>
        </div>
      </div>
      <Confirm
        grave
        opened={asked}
        onClose={() => ask(false)}
        title={t("Sign out everywhere?")}
        action={t("Sign out everywhere")}
        onConfirm={() =>
          end.mutateAsync({ params: { id: user.Id } }).then(
            () => window.location.reload(),
            (refusal) => {
              failed(refusal);
              ask(false);
            },
          )
        }
      >
        <p>{t("Every browser has to sign in again, this one too.")}</p>
      </Confirm>
    </Section>
  );
}
