import { Button, Modal, NumberInput } from "@mantine/core";
import { useState } from "react";
import { at } from "~/api/place";
import { useGet, useSend } from "~/api/query";
import { t } from "~/text/t";
import { exact } from "~/text/time";
import { Copied } from "~/ui/Copied";
import { DialogForm } from "~/ui/form/DialogForm";
import { choicesOf, PickMany } from "~/ui/PickMany";

type Props = { opened: boolean; onClose: () => void };

// Invite makes a link by which somebody becomes a user of their own accord.
export function Invite({ opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={t("Invite somebody")}>
      <Form onClose={onClose} />
    </Modal>
  );
}

const day = 24 * 3600 * 1000;

// linkOf is where an invitation is used.
const linkOf = (code: string) =>
  `${window.location.origin}${at("/app")}#/users/register?code=${encodeURIComponent(code)}`;

function Form({ onClose }: Pick<Props, "onClose">) {
  const teams = useGet("/api/teams/all", {});
  const [into, setInto] = useState<string[]>([]);
  const [days, setDays] = useState(7);
  const invite = useSend("post", "/api/users/invitations");
  if (invite.data) {
    return (
      <>
        <p>
          {t("Send this link to whom you invite. It works once, until {time}, and is shown only now.", {
            time: exact(new Date(invite.data.Expires ?? 0)),
          })}
        </p>
        <Copied text={linkOf(invite.data.InvitationCode)} />
        <Button variant="default" mt={20} display="block" ml="auto" onClick={onClose}>
          {t("Close")}
        </Button>
      </>
    );
  }
  return (
    <DialogForm
      of={invite}
      action={t("Make the link")}
      onSubmit={() =>
        invite.mutate({
          body: { AddToTeamIds: into, Expires: new Date(Date.now() + days * day).toISOString() } as never,
        })
      }
      onClose={onClose}
    >
      <PickMany
        label={t("Teams that they join")}
        placeholder={t("Only the team of everybody")}
        choices={choicesOf((teams.data ?? []).filter((team) => team.CanChangeMembers !== false))}
        value={into}
        onChange={setInto}
      />
      <NumberInput
        label={t("Good for days")}
        w={140}
        min={1}
        max={90}
        allowDecimal={false}
        value={days}
        onChange={(n) => setDays(Number(n) || 1)}
      />
    </DialogForm>
  );
}
