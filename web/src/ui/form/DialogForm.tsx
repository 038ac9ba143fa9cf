// What stands in dialogs that send something.
import { Button, Group, Textarea, TextInput, type TextInputProps } from "@mantine/core";
import { type ReactNode, useState } from "react";
import type { ApiError } from "~/api/error";
import { t } from "~/text/t";
import { Refusal } from "../Refusal";
import classes from "./form.module.css";

type Props = {
  // of is the sending: whether it goes on, and why the server did not take it.
  of: { isPending: boolean; error: ApiError | null };
  action: string;
  ready?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
};

// DialogForm is the frame: what the server refused, fields, and the buttons.
export function DialogForm({ of, action, ready = true, onSubmit, onClose, children }: Props) {
  return (
    <form
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        // A dialog may belong to a form of the page, which is not what is sent.
        event.stopPropagation();
        onSubmit();
      }}
    >
      <Refusal of={of.error} />
      <div className={classes.fields}>{children}</div>
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button type="submit" loading={of.isPending} disabled={!ready}>
          {action}
        </Button>
      </Group>
    </form>
  );
}

type AddProps = Pick<Props, "of" | "action" | "onClose"> & {
  onAdd: (named: { Name: string; Description: string }) => void;
  // field is what else there is to say of the field for the name.
  field?: Pick<TextInputProps, "label" | "description" | "placeholder">;
  begun?: string;
  // brief is one that has no description.
  brief?: boolean;
  children?: ReactNode;
};

// AddForm adds what has a name; fields of its own come behind that.
export function AddForm({ onAdd, field, begun = "", brief, children, ...frame }: AddProps) {
  const [Name, setName] = useState(begun);
  const [Description, setDescription] = useState("");
  return (
    <DialogForm {...frame} ready={Boolean(Name.trim())} onSubmit={() => onAdd({ Name, Description })}>
      <TextInput
        label={t("Name")}
        {...field}
        required
        withAsterisk={false}
        data-autofocus
        value={Name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      {!brief && (
        <Textarea
          label={t("Description")}
          value={Description}
          onChange={(e) => setDescription(e.currentTarget.value)}
        />
      )}
      {children}
    </DialogForm>
  );
}
