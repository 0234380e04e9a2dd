//! The processes of a control plane and the flags each gets.

use std::path::Path;

/// A process of the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Etcd,
    ApiServer,
    ControllerManager,
    Scheduler,
    Kwok,
}

/// The ports of one instance, all on loopback.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) api_server: u16,
    pub(crate) etcd: u16,
    pub(crate) kubelet: u16,
    pub(crate) controller_manager: u16,
    pub(crate) scheduler: u16,
}

impl Part {
    /// The program's first argument.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kwok => "kwok",
        }
    }

    pub(crate) fn arguments(self, folder: &Path, ports: Ports, audited: bool) -> Vec<String> {
        let file = |name: &str| folder.join(name).display().to_string();
        let flags = match self {
            Self::Etcd => etcd(&file, ports),
            Self::ApiServer => api_server(&file, ports, audited),
            Self::ControllerManager => controller_manager(&file, ports),
            Self::Scheduler => scheduler(&file, ports),
            Self::Kwok => kwok(&file, ports),
        };
        std::iter::once(self.name().to_owned()).chain(flags).collect()
    }
}

fn etcd(file: &dyn Fn(&str) -> String, ports: Ports) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    vec![
        "--name=test".to_owned(),
        format!("--data-dir={}", file("etcd")),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        // No peer ever dials it, so it may have any port.
        "--listen-peer-urls=http://127.0.0.1:0".to_owned(),
        "--initial-advertise-peer-urls=http://127.0.0.1:0".to_owned(),
        "--initial-cluster=test=http://127.0.0.1:0".to_owned(),
        "--log-level=warn".to_owned(),
        "--auto-compaction-mode=periodic".to_owned(),
        "--auto-compaction-retention=10m".to_owned(),
        // The data lives as long as the test run: a power cut ends both.
        "--unsafe-no-fsync=true".to_owned(),
    ]
}

fn api_server(file: &dyn Fn(&str) -> String, ports: Ports, audited: bool) -> Vec<String> {
    let mut flags = vec![
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", ports.api_server),
        "--advertise-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        format!("--tls-cert-file={}", file("api-server.crt")),
        format!("--tls-private-key-file={}", file("api-server.key")),
        format!("--client-ca-file={}", file("authority.crt")),
        format!("--token-auth-file={}", file("tokens.csv")),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", file("service-accounts.pub")),
        format!("--service-account-signing-key-file={}", file("service-accounts.key")),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        "--allow-privileged=true".to_owned(),
        format!("--requestheader-client-ca-file={}", file("front-proxy-authority.crt")),
        "--requestheader-allowed-names=front-proxy".to_owned(),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        format!("--proxy-client-cert-file={}", file("front-proxy.crt")),
        format!("--proxy-client-key-file={}", file("front-proxy.key")),
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        format!("--kubelet-client-certificate={}", file("kubelet-client.crt")),
        format!("--kubelet-client-key={}", file("kubelet-client.key")),
        format!("--kubelet-certificate-authority={}", file("authority.crt")),
        "--profiling=false".to_owned(),
    ];
    if audited {
        flags.push(format!("--audit-policy-file={}", file("audit-policy.json")));
        flags.push(format!("--audit-log-path={}", file("audit.log")));
        flags.push("--audit-log-mode=blocking".to_owned());
    }
    flags
}

fn controller_manager(file: &dyn Fn(&str) -> String, ports: Ports) -> Vec<String> {
    let config = file("admin.kubeconfig");
    vec![
        format!("--kubeconfig={config}"),
        format!("--authentication-kubeconfig={config}"),
        format!("--authorization-kubeconfig={config}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", ports.controller_manager),
        format!("--tls-cert-file={}", file("api-server.crt")),
        format!("--tls-private-key-file={}", file("api-server.key")),
        "--leader-elect=false".to_owned(),
        "--use-service-account-credentials=true".to_owned(),
        format!("--service-account-private-key-file={}", file("service-accounts.key")),
        format!("--root-ca-file={}", file("authority.crt")),
        format!("--cluster-signing-cert-file={}", file("authority.crt")),
        format!("--cluster-signing-key-file={}", file("authority.key")),
        // With the stock limit a rollout of 200 replicas takes four times as long.
        "--kube-api-qps=200".to_owned(),
        "--kube-api-burst=300".to_owned(),
        "--profiling=false".to_owned(),
    ]
}

fn scheduler(file: &dyn Fn(&str) -> String, ports: Ports) -> Vec<String> {
    let config = file("admin.kubeconfig");
    vec![
        format!("--kubeconfig={config}"),
        format!("--authentication-kubeconfig={config}"),
        format!("--authorization-kubeconfig={config}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", ports.scheduler),
        format!("--tls-cert-file={}", file("api-server.crt")),
        format!("--tls-private-key-file={}", file("api-server.key")),
        "--leader-elect=false".to_owned(),
        "--kube-api-qps=200".to_owned(),
        "--kube-api-burst=400".to_owned(),
        "--profiling=false".to_owned(),
    ]
}

fn kwok(file: &dyn Fn(&str) -> String, ports: Ports) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", file("admin.kubeconfig")),
        format!("--config={}", file("kwok.yaml")),
        "--enable-crds=Logs".to_owned(),
        "--manage-all-nodes=true".to_owned(),
        "--node-ip=127.0.0.1".to_owned(),
        format!("--node-port={}", ports.kubelet),
        format!("--server-address=127.0.0.1:{}", ports.kubelet),
        "--node-lease-duration-seconds=40".to_owned(),
        format!("--tls-cert-file={}", file("kubelet.crt")),
        format!("--tls-private-key-file={}", file("kubelet.key")),
    ]
}
