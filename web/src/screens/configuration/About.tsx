import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { at } from "~/api/place";
import { useGet } from "~/api/query";
import { useMay, useSession } from "~/app/session";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { Facts, Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { type Look, okLook } from "~/ui/status";
import { size } from "../library/size";

// About says which server this is, how it is and what it holds.
export default function About() {
  const { version } = useSession();
  const mayAdminister = useMay("AdministerSystem");
  return (
    <Page
      title={t("About this server")}
      actions={
        mayAdminister && (
          <Button
            component="a"
            variant="default"
            href={at("/api/serverstatus/system-report")}
            download
            leftSection={<IconDownload size={15} />}
          >
            {t("Download diagnostics")}
          </Button>
        )
      }
    >
      <Section title={t("Tako {version}", { version })}>
        <Health />
        {mayAdminister && <System />}
      </Section>
      {mayAdminister && <Counts />}
    </Page>
  );
}

const off: Look = { tone: "bad", shape: "diamond", word: t("Not as it should be") };

function Health() {
  const health = useGet("/api/serverstatus/health", {});
  return (
    <Read of={health} rows={1}>
      {(h) => (
        <p style={{ marginTop: 0 }}>
          <StatusChip look={h.IsOperatingNormally ? okLook(t("Running normally")) : off} />{" "}
          <span className="dim">{h.IsOperatingNormally ? "" : h.Description}</span>
        </p>
      )}
    </Read>
  );
}

function System() {
  const info = useGet("/api/serverstatus/system-info", {});
  const status = useGet("/api/serverstatus", {});
  return (
    <Read of={info} rows={2}>
      {(i) => (
        <Facts
          of={[
            [t("Up for"), i.Uptime],
            [t("Machine"), i.OSVersion],
            [t("Memory in use"), size(i.WorkingSetBytes)],
            [t("Built with"), i.ClrVersion],
            [
              t("Newer version"),
              status.data?.IsUpgradeAvailable ? status.data.MaximumAvailableVersion : t("None known"),
            ],
            [t("Secrets in the database"), status.data?.IsDatabaseEncrypted ? t("Encrypted") : t("Not encrypted")],
          ]}
        />
      )}
    </Read>
  );
}

type CountsAnswer = Record<string, Record<string, number>>;

const spaced = (word: string) =>
  word.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);

function Counts() {
  const counts = useGet("/api/serverstatus/counts", {});
  return (
    <Section title={t("What it holds")}>
      <Read of={counts} rows={2}>
        {(answer) => (
          <Facts
            of={Object.values(answer as unknown as CountsAnswer).flatMap((group) =>
              Object.entries(group).map(([name, n]): [string, string] => [spaced(name), n.toLocaleString("en")]),
            )}
          />
        )}
      </Read>
    </Section>
  );
}
