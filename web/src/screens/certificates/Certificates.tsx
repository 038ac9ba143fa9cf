import { SegmentedControl } from "@mantine/core";
import { IconCertificate } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ApiError } from "~/api/error";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useQueryWord } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { exactDay } from "~/text/time";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { StatusChip } from "~/ui/StatusChip";
import { Views } from "../library/Views";
import { expiryLook } from "./expiry";

type Certificate = Wire<"Certificate">;

export default function Certificates() {
  const space = useSpaceId();
  const [archived, setArchived] = useQueryWord("archived");
  const page = useGet(
    "/api/{spaceId}/certificates",
    {},
    { query: { take: 1000, archived: archived ? "true" : undefined }, keep: true },
  );
  // The list of them all is a page of a thousand.
  const certificates = { ...page, data: page.data?.Items } as UseQueryResult<Certificate[], ApiError>;
  const columns: Column<Certificate>[] = [
    [t("Name"), (c) => <Link to={to.certificate(space, c.Id)}>{c.Name}</Link>],
    [t("State"), (c) => <StatusChip look={expiryLook(c)} />],
    [t("Expires"), (c) => <span className="number">{exactDay(c.NotAfter)}</span>],
    [t("Subject"), (c) => c.SubjectCommonName || <span className="dim">{c.SubjectDistinguishedName}</span>],
    [t("Thumbprint"), (c) => <code className="dim">{c.Thumbprint?.slice(0, 12)}…</code>],
    [t("Private key"), (c) => <span className="dim">{c.HasPrivateKey ? t("Yes") : t("No")}</span>],
  ];
  return (
    <ListPage
      title={t("Certificates")}
      views={<Views />}
      of={certificates}
      columns={columns}
      words={(c) => `${c.Name} ${c.SubjectDistinguishedName} ${c.Thumbprint}`}
      actions={
        <SegmentedControl
          aria-label={t("Which certificates")}
          data={[
            { value: "", label: t("In use") },
            { value: "yes", label: t("Archived") },
          ]}
          value={archived}
          onChange={(value) => setArchived(value || undefined)}
        />
      }
      add={{ label: t("Add certificate"), to: to.certificate(space, "create"), needs: "CertificateCreate" }}
      empty={{
        icon: IconCertificate,
        title: archived ? t("Nothing is archived.") : t("No certificates yet."),
        hint: archived
          ? undefined
          : t("Variables of the type certificate bring them to steps, with their private keys."),
      }}
    />
  );
}
