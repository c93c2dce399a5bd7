// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/netlink.h"

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <string>

#include "sys/handle.h"

namespace whydrop {

namespace {

using NlSocket = Handle<nl_sock, &nl_socket_free>;
using NlMessage = Handle<nl_msg, &nlmsg_free>;

struct Taker {
    const NetlinkQuestion &question;
    const std::function<void(nlmsghdr *)> &each;
};

int take(nl_msg *message, void *into) {
    const auto *taker = static_cast<const Taker *>(into);
    nlmsghdr *header = nlmsg_hdr(message);
    const int bytes = static_cast<int>(taker->question.answer_bytes);
    if (header->nlmsg_type == taker->question.answer && nlmsg_valid_hdr(header, bytes))
        taker->each(header);
    return NL_OK;
}

NlMessage message_of(const NetlinkQuestion &question) {
    NlMessage message(
        nlmsg_alloc_simple(question.type, question.attribute ? NLM_F_REQUEST : NLM_F_DUMP));
    if (!message || nlmsg_append(message.get(), const_cast<void *>(question.header),
                                 question.header_bytes, NLMSG_ALIGNTO) < 0)
        return nullptr;
    if (question.attribute &&
        nla_put_u32(message.get(), question.attribute->first, question.attribute->second) < 0)
        return nullptr;
    return message;
}

Error netlink_error(int code) {
    const bool nobody = code == -NLE_OBJ_NOTFOUND || code == -NLE_OPNOTSUPP;
    return Error{nobody ? Errc::unsupported : Errc::failed,
                 std::string("netlink: ") + nl_geterror(code), ""};
}

}  // namespace

Status netlink_ask(const NetlinkQuestion &question, const std::function<void(nlmsghdr *)> &each) {
    const NlSocket socket(nl_socket_alloc());
    const NlMessage message = message_of(question);
    if (!socket || !message)
        return netlink_error(-NLE_NOMEM);
    if (const int connected = nl_connect(socket.get(), question.protocol); connected < 0)
        return netlink_error(connected);
    Taker taker{question, each};
    nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, take, &taker);
    if (const int sent = nl_send_auto(socket.get(), message.get()); sent < 0)
        return netlink_error(sent);
    if (const int received = nl_recvmsgs_default(socket.get()); received < 0)
        return netlink_error(received);
    return success();
}

}  // namespace whydrop
