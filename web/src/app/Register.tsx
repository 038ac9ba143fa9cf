import { Alert, Button, PasswordInput, TextInput } from "@mantine/core";
import { useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { request } from "~/api/client";
import { errorOf } from "~/api/error";
import { Logo } from "~/shell/Logo";
import { t } from "~/text/t";
import { useGo } from "./navigation";
import classes from "./SignIn.module.css";
import { useSignIn } from "./session";

const blank = { DisplayName: "", EmailAddress: "", Username: "", Password: "" };

// Register makes a user of whoever follows the link of an invitation, and signs
// them in.
export default function Register() {
  const { code = "" } = useSearch({ strict: false }) as { code?: string };
  const signIn = useSignIn();
  const go = useGo();
  const [typed, set] = useState({ ...blank, InvitationCode: code });
  const [refusal, setRefusal] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = t("Register · Tako");
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal([]);
    try {
      await request("post", "/api/users/register", { body: typed });
      // The address holds a code that is used up.
      go("/", { replace: true });
      await signIn(typed.Username, typed.Password, false);
    } catch (thrown) {
      const e = errorOf(thrown);
      setRefusal([e.message, ...e.details]);
    } finally {
      setBusy(false);
    }
  };
  const field = (name: keyof typeof typed) => ({
    required: true,
    withAsterisk: false,
    size: "sm",
    value: typed[name],
    onChange: (e: { currentTarget: { value: string } }) => {
      const { value } = e.currentTarget;
      set((now) => ({ ...now, [name]: value }));
    },
  });
  return (
    <main className={classes.page}>
      <form className={classes.card} onSubmit={submit} aria-labelledby="register">
        <Logo />
        <h1 id="register" className={classes.title}>
          {t("Register")}
        </h1>
        {refusal.length > 0 && (
          <Alert color="bad" role="alert">
            {refusal.join(" ")}
          </Alert>
        )}
        {!code && <TextInput label={t("Code of the invitation")} autoComplete="off" {...field("InvitationCode")} />}
        <TextInput label={t("Your name")} autoComplete="name" autoFocus {...field("DisplayName")} />
        <TextInput label={t("E-mail")} type="email" autoComplete="email" {...field("EmailAddress")} required={false} />
        <TextInput label={t("User name")} autoComplete="username" {...field("Username")} />
        <PasswordInput
          label={t("Password")}
          autoComplete="new-password"
          {...field("Password")}
          visibilityToggleButtonProps={{ "aria-label": t("Show the password") }}
        />
        <Button type="submit" loading={busy} h={36} fullWidth>
          {t("Register")}
        </Button>
      </form>
    </main>
  );
}
