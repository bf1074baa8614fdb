use chokepoint::study::*; use chokepoint::config::source::Configs; use chokepoint::config::study;
use chokepoint::markets::chips::ChipMarket;
use chokepoint::technology::supply::SupplyState;
fn main(){
 let a: Vec<String>=std::env::args().collect(); let arm:usize=a[1].parse().unwrap(); let until:usize=a[2].parse().unwrap();
 let lib=Library::read(Configs::embedded(),&[]).unwrap(); let src=lib.configs.find("did-controls-work","studies").unwrap();
 let file=study::read(&src,&lib.configs).unwrap();
 let mut plan=Plan::new(&lib,file,1,1,Default::default(),None).unwrap();
 let _=&mut plan; let b=plan.blueprint.clone();
 let mut f=plan.future(0); f.parameters=lib.parameters.central();
 let mut w=Worker::new(&b); w.run(&plan.calendars[arm],&f,until,true);
 let m=w.stage.world.resource::<ChipMarket>(); let s=w.stage.world.resource::<SupplyState>();
 let slots=m.layout.maker_of.len();
 println!("pools {:?}",s.pools); println!("used {:?}",m.pool_used); println!("asked {:?}",m.pool_asked);
 for (i,n) in b.maker_keys.iter().enumerate(){ if s.capacity[i]>0.0 {println!("{n:20} cap {:.0} wanted {:.0} asked {:.0} quota hbm {:.3} cowos_s {:.3}",s.capacity[i],m.wanted[i],m.asked[i],m.quota_share[i][2],m.quota_share[i][0]);}}
 for &c in &m.active { let c=c as usize; let d:f64=(0..m.layout.customers.len()).map(|k|m.delivered[k*slots+c]).sum(); let dt:f64=(0..m.layout.customers.len()).filter(|k|m.layout.customers[*k].market==m.layout.target_market).map(|k|m.delivered[k*slots+c]).sum(); let o=&m.offers[c];
  let sl=&b.roadmap.slots[c]; let ch=w.stage.world.resource::<chokepoint::technology::roadmap::Chips>();
  println!("{:28} price {:>7.0} cost {:>6.0} size {:.2} train {:.3} serve {:.3} pull {:.2e} {:.2e} units {:>8.0} target {:>7.0} uses {:?} terms {:?}",sl.name,o.price_usd,o.unit_cost_usd,o.size,ch.useful_training[c],ch.useful_serving[c],o.pull[0],o.pull[1],d,dt,o.uses.map(|x|(x*1e4).round()/1e4), m.terms[m.layout.target_market*slots+c].open);}
 for e in &w.stage.world.resource::<chokepoint::events::EventLog>().events { if matches!(e.kind, chokepoint::events::EventKind::VariantLaunched|chokepoint::events::EventKind::VariantBegun) { let ch=w.stage.world.resource::<chokepoint::technology::roadmap::Chips>(); let sp=&ch.spec[e.object as usize]; println!("{} {:?} {} from {} tpp {:.0} io {:.0} mem {:.2} die {:.0} price {:.0}", b.first.plus(e.t), e.kind, b.roadmap.slots[e.object as usize].name, b.roadmap.slots[ch.parent[e.object as usize].min(b.roadmap.slots.len()-1)].name, sp.tpp, sp.interconnect_gbps, sp.mem_bandwidth_tbs, sp.die_area_mm2, sp.list_price_usd);}}
}
