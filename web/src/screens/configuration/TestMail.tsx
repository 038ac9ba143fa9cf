import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useSend, useSpaceId } from "~/api/query";
import { useSession } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import form from "~/ui/form/form.module.css";
import { Link } from "~/ui/Link";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";

// TestMail sends one message, with the settings as they are saved.
export function TestMail({ ready }: { ready: boolean }) {
  const { user } = useSession();
  const space = useSpaceId();
  const [address, setAddress] = useState(user.EmailAddress);
  const send = useSend("post", "/api/tasks", { touches: ["tasks"] });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate({
      body: {
        Name: "TestEmail",
        Description: t("Test e-mail to {address}", { address }),
        Arguments: { EmailAddress: address } as never,
      },
    });
  };
  return (
    <Section title={t("Try it")}>
      <form onSubmit={submit} className={form.fields}>
        <Refusal of={send.error} />
        <div className={form.line}>
          <TextInput
            w={280}
            label={t("Send a message to")}
            type="email"
            value={address}
            onChange={(e) => setAddress(e.currentTarget.value)}
          />
          <Button type="submit" variant="default" loading={send.isPending} disabled={!ready || !address.trim()}>
            {t("Send test mail")}
          </Button>
        </div>
        {!ready && <p className="dim">{t("Save the settings first: the message goes out with what is saved.")}</p>}
        {send.data && (
          <p role="status">
            {t("It is on its way.")}{" "}
            <Link to={to.task(space, send.data.Id)} className={form.link}>
              {t("See whether it was sent")}
            </Link>
          </p>
        )}
      </form>
    </Section>
  );
}
