import { Alert, Button, Checkbox, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { errorOf } from "~/api/error";
import { Logo } from "~/shell/Logo";
import { t } from "~/text/t";
import classes from "./SignIn.module.css";
import { useSignIn } from "./session";

export default function SignIn() {
  const signIn = useSignIn();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = t("Sign in · Tako");
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal("");
    try {
      await signIn(username, password, remember);
    } catch (thrown) {
      setRefusal(errorOf(thrown).message);
      setPassword("");
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className={classes.page}>
      <form className={classes.card} onSubmit={submit} aria-labelledby="sign-in">
        <Logo />
        <h1 id="sign-in" className={classes.title}>
          {t("Sign in")}
        </h1>
        {refusal && (
          <Alert color="bad" role="alert">
            {refusal}
          </Alert>
        )}
        <TextInput
          label={t("User name")}
          name="username"
          autoComplete="username"
          autoFocus
          required
          withAsterisk={false}
          size="sm"
          value={username}
          onChange={(e) => setUsername(e.currentTarget.value)}
        />
        <PasswordInput
          label={t("Password")}
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          size="sm"
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("Show the password") }}
        />
        <Checkbox
          label={t("Keep me signed in on this device")}
          checked={remember}
          onChange={(e) => setRemember(e.currentTarget.checked)}
        />
        <Button type="submit" loading={busy} h={36} fullWidth>
          {t("Sign in")}
        </Button>
        <details className={classes.help}>
          <summary>{t("A new server, or no password?")}</summary>
          <p>
            {t(
              "When a server starts for the first time, it prints the name and the password of its first user. Afterwards an administrator gives you yours.",
            )}
          </p>
        </details>
      </form>
    </main>
  );
}
