/*
 * A pod's interface, seen from the node's end: nobody sends with an address that is not its own, and everything is
 * counted. Attached by tcx to each such interface: from_pod to what comes in from the pod, to_pod to what goes out to it.
 */
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include "../include/bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __type(key, __u32);
  __type(value, struct pod);
} pods SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(max_entries, 4096);
  __type(key, __u32);
  __type(value, struct pod_traffic);
} pod_traffic SEC(".maps");

/* RFC 4861, section 4.4: target of a neighbour advertisement; section 4.3 has it at the same place. */
struct neighbour_message {
  struct icmp6hdr header;
  struct address target;
};

/* RFC 826 for Ethernet and IPv4. */
struct arp_message {
  __be16 hardware;
  __be16 protocol;
  __u8 hardware_length;
  __u8 protocol_length;
  __be16 operation;
  __u8 sender_mac[6];
  __u8 sender_ip[4];
  __u8 target_mac[6];
  __u8 target_ip[4];
};

static __always_inline bool is_mac(const __u8 *a, const __u8 *b) {
  return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3] && a[4] == b[4] && a[5] == b[5];
}

static __always_inline bool is_zero(const struct address *a) {
  return !(a->word[0] | a->word[1] | a->word[2] | a->word[3]);
}

static __always_inline bool is_pods(const struct pod *pod, const struct address *a) {
  return a->word[0] == pod->ipv6.word[0] && a->word[1] == pod->ipv6.word[1] && a->word[2] == pod->ipv6.word[2] &&
         a->word[3] == pod->ipv6.word[3] && !is_zero(a);
}

static __always_inline bool is_link_local(const struct address *a) {
  return (a->word[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

static __always_inline bool is_multicast(const struct address *a) {
  return (a->word[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
}

static __always_inline bool is_ipv4_honest(struct __sk_buff *skb, const struct pod *pod) {
  struct iphdr ip;
  if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip))) return false;
  return pod->ipv4 && ip.saddr == pod->ipv4;
}

/* A probe (RFC 5227, section 1.1) has no sender's address yet. */
static __always_inline bool is_arp_honest(struct __sk_buff *skb, const struct pod *pod) {
  struct arp_message arp;
  __be32 sender;
  if (bpf_skb_load_bytes(skb, ETH_HLEN, &arp, sizeof(arp))) return false;
  if (arp.hardware != bpf_htons(1 /* Ethernet */) || arp.protocol != bpf_htons(ETH_P_IP)) return false;
  if (arp.hardware_length != 6 || arp.protocol_length != 4) return false;
  __builtin_memcpy(&sender, arp.sender_ip, sizeof(sender));
  return pod->ipv4 && is_mac(arp.sender_mac, pod->mac) && (!sender || sender == pod->ipv4);
}

/*
 * A pod says where its own addresses are, and nobody else's; it does not say that it is a router. Messages behind
 * extension headers are not seen: what the node needs to know of its pods are permanent entries, which none can change.
 */
static __always_inline bool is_neighbour_honest(struct __sk_buff *skb, const struct pod *pod) {
  struct neighbour_message message;
  __u8 type;
  __u32 at = ETH_HLEN + sizeof(struct ipv6hdr);
  if (bpf_skb_load_bytes(skb, at, &type, sizeof(type))) return false;
  if (type == 134 /* router advertisement */ || type == 137 /* redirect */) return false;
  if (type != 136 /* neighbour advertisement */) return true;
  if (bpf_skb_load_bytes(skb, at, &message, sizeof(message))) return false;
  return is_pods(pod, &message.target) || is_link_local(&message.target);
}

/* What is sent from a link-local address, or from none, stays on the link: no router passes it on. */
static __always_inline bool is_ipv6_honest(struct __sk_buff *skb, const struct pod *pod) {
  struct ipv6hdr ip;
  struct address from, to;
  if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip))) return false;
  __builtin_memcpy(&from, &ip.saddr, sizeof(from));
  __builtin_memcpy(&to, &ip.daddr, sizeof(to));
  if (is_zero(&pod->ipv6)) return false;
  if (ip.nexthdr == IPPROTO_ICMPV6 && !is_neighbour_honest(skb, pod)) return false;
  if (is_pods(pod, &from)) return true;
  if (is_link_local(&from)) return is_link_local(&to) || is_multicast(&to);
  return is_zero(&from) && is_multicast(&to);
}

/* Also says no to what is neither IP nor ARP, and to VLANs, which the checks would not see through. */
static __always_inline bool is_honest(struct __sk_buff *skb, const struct pod *pod) {
  __u8 from[6];
  if (skb->vlan_present) return false;
  if (bpf_skb_load_bytes(skb, ETH_ALEN, from, sizeof(from)) || !is_mac(from, pod->mac)) return false;
  if (skb->protocol == bpf_htons(ETH_P_IP)) return is_ipv4_honest(skb, pod);
  if (skb->protocol == bpf_htons(ETH_P_IPV6)) return is_ipv6_honest(skb, pod);
  return skb->protocol == bpf_htons(ETH_P_ARP) && is_arp_honest(skb, pod);
}

SEC("tc")
int from_pod(struct __sk_buff *skb) {
  __u32 interface = skb->ifindex;
  struct pod *pod = bpf_map_lookup_elem(&pods, &interface);
  struct pod_traffic *traffic = bpf_map_lookup_elem(&pod_traffic, &interface);
  /* An interface without a row is not a pod yet, or not any more. */
  bool honest = pod && is_honest(skb, pod);
  if (traffic) {
    if (honest) {
      traffic->sent_packets++;
      traffic->sent_bytes += skb->len;
    } else {
      traffic->spoofed_packets++;
    }
  }
  return honest ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int to_pod(struct __sk_buff *skb) {
  __u32 interface = skb->ifindex;
  struct pod_traffic *traffic = bpf_map_lookup_elem(&pod_traffic, &interface);
  if (traffic) {
    traffic->received_packets++;
    traffic->received_bytes += skb->len;
  }
  return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
