import { useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { exactDay } from "~/text/time";
import { Link } from "~/ui/Link";
import { Facts, Section } from "~/ui/Section";

// CertificateFacts are what a certificate says, and whose word it is.
export function CertificateFacts({ certificate: c }: { certificate: Wire<"Certificate"> }) {
  const space = useSpaceId();
  const chain = c.CertificateChain ?? [];
  return (
    <Section title={t("What it says")}>
      <Facts
        of={[
          [t("Subject"), c.SubjectDistinguishedName],
          [t("Issuer"), c.SelfSigned ? t("Itself (self-signed)") : c.IssuerDistinguishedName],
          [t("Valid from"), exactDay(c.NotBefore)],
          [t("Valid until"), exactDay(c.NotAfter)],
          [t("Names"), (c.SubjectAlternativeNames ?? []).join(", ")],
          [t("Private key"), c.HasPrivateKey ? t("Kept with it") : t("None")],
          [t("Format"), c.CertificateDataFormat],
          [t("Signature"), c.SignatureAlgorithmName],
          [t("Serial number"), c.SerialNumber],
          [t("Thumbprint"), <code key="thumbprint">{c.Thumbprint}</code>],
          [
            t("Replaced by"),
            c.ReplacedBy && (
              <Link key="by" to={to.certificate(space, c.ReplacedBy)}>
                {t("another one")}
              </Link>
            ),
          ],
          [t("Chain"), chain.map((link) => link.SubjectCommonName || link.SubjectDistinguishedName).join(" → ")],
        ]}
      />
    </Section>
  );
}
