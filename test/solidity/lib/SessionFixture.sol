// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISessions} from "../../../contracts/serve/ISessions.sol";
import {IRoutes} from "../../../contracts/serve/IRoutes.sol";
import {Instant} from "../../../contracts/types/Time.sol";
import {CreditFixture} from "./CreditFixture.sol";
import {vm} from "./Vm.sol";

/// @dev Sessions, clients 1, 2, ... with credits, each with a session key, and a gateway whose route pays two servers.
abstract contract SessionFixture is CreditFixture {
    bytes32 private constant VOUCHER = keccak256("Voucher(address credits,uint64 session,uint32 route,uint48 drawn)");
    uint32 internal constant CLOSE_DELAY = 600;
    address internal constant GATEWAY = address(0x6a7e);
    address internal constant SERVER = address(0x5e);
    address internal constant OTHER_SERVER = address(0x5f);

    ISessions internal sessions;
    /// @dev To the two servers, 30% and 70%.
    uint32 internal route;

    function deploySessions() internal {
        deployCredits();
        sessions = ISessions(create("serve/Sessions.sol:Sessions", abi.encode(CLOSE_DELAY)));
        route = registerBy(GATEWAY);
    }

    function registerBy(address gateway) internal returns (uint32) {
        vm.prank(gateway);
        return sessions.registerRoute(payees());
    }

    function payees() internal pure returns (IRoutes.Payee[] memory list) {
        list = new IRoutes.Payee[](2);
        list[0] = IRoutes.Payee(SERVER, 300_000);
        list[1] = IRoutes.Payee(OTHER_SERVER, 700_000);
    }

    function keyOf(uint256 client) internal pure returns (uint256) {
        return 0x1000 + client;
    }

    /// @dev The client has a thousandth of the shares, and lets the sessions take the credits that they bring.
    function welcome(uint256 client) internal {
        endow(client, CAP / 1_000);
        vm.prank(holder(client));
        credits.approve(address(sessions), type(uint256).max);
    }

    function openBy(uint256 client, uint48 amount) internal returns (uint64) {
        vm.prank(holder(client));
        return sessions.open(address(credits), GATEWAY, vm.addr(keyOf(client)), route, amount);
    }

    function domainOf(address verifier) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        return keccak256(abi.encode(domain, keccak256("Swarmlock Sessions"), keccak256("1"), block.chainid, verifier));
    }

    function sign(uint256 key, bytes32 content) internal view returns (bytes32 r, bytes32 vs) {
        uint8 v;
        bytes32 s;
        (v, r, s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domainOf(address(sessions)), content)));
        vs = bytes32((uint256(v - 27) << 255) | uint256(s));
    }

    function voucher(
        uint256 client,
        uint64 session,
        uint32 way,
        uint48 drawn
    ) internal view returns (ISessions.Voucher memory) {
        bytes32 content = keccak256(abi.encode(VOUCHER, credits, session, way, drawn));
        (bytes32 r, bytes32 vs) = sign(keyOf(client), content);
        return ISessions.Voucher(session, way, drawn, r, vs);
    }

    function one(ISessions.Voucher memory only) internal pure returns (ISessions.Voucher[] memory list) {
        list = new ISessions.Voucher[](1);
        list[0] = only;
    }

    function left(uint64 session) internal view returns (uint48) {
        return sessions.sessionOf(address(credits), session).left;
    }

    function now_() internal view returns (Instant) {
        return Instant.wrap(uint48(vm.getBlockTimestamp()));
    }
}
