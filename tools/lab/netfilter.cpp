// SPDX-License-Identifier: GPL-2.0-or-later
// nftables without its library: one table with one chain is two messages in a batch
// (include/uapi/linux/netfilter/nf_tables.h).
#include "lab/netfilter.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "sys/netns.h"

namespace whydrop {
namespace {

using Socket = Handle<nl_sock, &nl_socket_free>;
using Message = Handle<nl_msg, &nlmsg_free>;

constexpr const char *kTable = "whydrop_lab";
constexpr const char *kChain = "input";

Message message(int type, int flags, uint8_t family, uint16_t resource) {
    Message msg(nlmsg_alloc());
    if (!msg)
        return msg;
    nlmsg_put(msg.get(), 0, 0, type, 0, NLM_F_REQUEST | flags);
    nfgenmsg header{family, NFNETLINK_V0, htons(resource)};
    nlmsg_append(msg.get(), &header, sizeof header, NLMSG_ALIGNTO);
    return msg;
}

Message table_message(int command, int flags) {
    Message msg = message((NFNL_SUBSYS_NFTABLES << 8) | command, flags, NFPROTO_IPV4, 0);
    if (msg)
        nla_put_string(msg.get(), NFTA_TABLE_NAME, kTable);
    return msg;
}

Message chain_message() {
    Message msg = message((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK,
                          NFPROTO_IPV4, 0);
    if (!msg)
        return msg;
    nla_put_string(msg.get(), NFTA_CHAIN_TABLE, kTable);
    nla_put_string(msg.get(), NFTA_CHAIN_NAME, kChain);
    nlattr *hook = nla_nest_start(msg.get(), NFTA_CHAIN_HOOK);
    nla_put_u32(msg.get(), NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_IN));
    nla_put_u32(msg.get(), NFTA_HOOK_PRIORITY, htonl(0));
    nla_nest_end(msg.get(), hook);
    nla_put_u32(msg.get(), NFTA_CHAIN_POLICY, htonl(NF_DROP));
    nla_put_string(msg.get(), NFTA_CHAIN_TYPE, "filter");
    return msg;
}

// Sends the messages as one transaction; waits for the acknowledgement of each that asked for one.
int send_batch(nl_sock *socket, std::vector<Message> messages) {
    messages.insert(messages.begin(),
                    message(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    messages.push_back(message(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    std::vector<char> bytes;
    unsigned answers = 0;
    for (const Message &msg : messages) {
        if (!msg)
            return -NLE_NOMEM;
        const nlmsghdr *header = nlmsg_hdr(msg.get());
        answers += (header->nlmsg_flags & NLM_F_ACK) != 0;
        const char *begin = reinterpret_cast<const char *>(header);
        bytes.insert(bytes.end(), begin, begin + NLMSG_ALIGN(header->nlmsg_len));
    }
    int code = nl_sendto(socket, bytes.data(), bytes.size());
    for (unsigned i = 0; code >= 0 && i < answers; i++)
        code = nl_wait_for_ack(socket);
    return code;
}

Status run_batch(const Fd &netns, const std::string &what, std::vector<Message> messages) {
    Result<NetnsScope> scope = NetnsScope::enter(netns);
    if (!scope)
        return std::move(scope).error();
    const Socket socket(nl_socket_alloc());
    if (!socket)
        return Error{Errc::failed, "out of memory", {}};
    nl_socket_disable_seq_check(socket.get());
    int code = nl_connect(socket.get(), NETLINK_NETFILTER);
    if (code >= 0)
        code = send_batch(socket.get(), std::move(messages));
    if (code >= 0)
        return success();
    // A kernel without nf_tables answers so, or does not know the protocol at all.
    const bool absent =
        code == -NLE_OPNOTSUPP || code == -NLE_AF_NOSUPPORT || code == -NLE_PROTO_MISMATCH;
    return Error{absent ? Errc::unsupported : Errc::failed,
                 "cannot " + what + ": " + nl_geterror(code),
                 absent ? "this kernel has no nf_tables (CONFIG_NF_TABLES, module nf_tables)" : ""};
}

}  // namespace

Status add_drop_chain(const Fd &netns) {
    std::vector<Message> messages;
    messages.push_back(table_message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK));
    messages.push_back(chain_message());
    return run_batch(netns, "add an nftables chain", std::move(messages));
}

Status delete_drop_chain(const Fd &netns) {
    std::vector<Message> messages;
    messages.push_back(table_message(NFT_MSG_DELTABLE, NLM_F_ACK));
    return run_batch(netns, "delete an nftables table", std::move(messages));
}

}  // namespace whydrop
