import { TextInput } from "@mantine/core";
import { useState } from "react";
import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { StatusChip } from "~/ui/StatusChip";
import { type Look, okLook } from "~/ui/status";
import classes from "./channels.module.css";

const no: Look = { tone: "bad", shape: "diamond", word: t("It does not fit") };

type Props = { rule: { VersionRange: string; Tag: string } };

// TryVersion asks the server whether a version fits a rule, as it is typed.
export function TryVersion({ rule }: Props) {
  const [version, set] = useState("");
  const query = { version: version.trim(), versionRange: rule.VersionRange, preReleaseTag: rule.Tag };
  const answer = useGet("/api/{spaceId}/channels/rule-test", {}, { query, enabled: query.version !== "", keep: true });
  const said = query.version !== "" ? answer.data : undefined;
  const why = said?.Errors?.length
    ? said.Errors.join(" ")
    : said && !said.SatisfiesVersionRange
      ? t("It is not in the range.")
      : said && !said.SatisfiesPreReleaseTag
        ? t("Its pre-release tag does not match.")
        : "";
  return (
    <div className={classes.trial}>
      <TextInput
        label={t("Try a version")}
        placeholder="1.2.3-beta.4"
        w={200}
        spellCheck={false}
        value={version}
        onChange={(e) => set(e.currentTarget.value)}
      />
      <span role="status">
        {said && (
          <>
            <StatusChip look={said.IsValid ? okLook(t("It fits")) : no} /> <span className="dim">{why}</span>
          </>
        )}
      </span>
    </div>
  );
}
